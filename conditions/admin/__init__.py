"""Articles, red flags and what belongs to them, as editors and clinicians keep them. One module for each list."""

from conditions.admin import article, red_flag, source, synonym, work_lists

__all__ = ["article", "red_flag", "source", "synonym", "work_lists"]
