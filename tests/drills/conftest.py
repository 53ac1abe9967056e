from tests.databases import database, database_url, postgres_template, postgres_url, sqlite_url

__all__ = ["database", "database_url", "postgres_template", "postgres_url", "sqlite_url"]
