"""Lists of jobs, read page by page: histories, searches, galleries, family trees."""
