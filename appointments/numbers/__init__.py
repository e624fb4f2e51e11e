"""Numbers that a manager can act on: of the requests received in a range of days, read from the record of each.

Nothing here names a person, and nothing is kept: every figure is counted when it is asked for.
"""
