"""Several records of one person or company become one, and come apart again at any later time."""
