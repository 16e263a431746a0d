package db

import (
	"database/sql"
	_ "github.com/lib/pq"
)

func Open() (*sql.DB, error) { return sql.Open("postgres", "") }
