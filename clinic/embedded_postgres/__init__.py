"""The packaged PostgreSQL, for machines that have no server. Settings name it as an ENGINE: see `base`."""
