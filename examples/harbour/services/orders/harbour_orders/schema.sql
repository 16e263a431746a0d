CREATE TABLE customers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE,
  street TEXT,
  city TEXT,
  born TEXT,
  password_hash TEXT NOT NULL,
  card_token TEXT,
  card_last4 TEXT
);

CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  item TEXT NOT NULL,
  quantity INTEGER NOT NULL DEFAULT 1,
  total_cents INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'open',
  note TEXT
);
