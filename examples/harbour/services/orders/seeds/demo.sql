INSERT INTO customers (id, name, email, street, city, born, password_hash, card_token, card_last4) VALUES
  (1, 'Ada Buoy', 'ada@shop.example', '1 Quay Street', 'Port Example', '1980-02-03', 'fad0ce221c826eede253cb0956ca0700', 'tok_demo_0001', '4242'),
  (2, 'Ben Anchor', 'ben@shop.example', '7 Pier Road', 'Port Example', '1975-11-23', '7b5bbb2b4ad80a1ae5f1d7b35b8b7b8e', 'tok_demo_0002', '1881'),
  (3, 'Cleo Tide', 'cleo@shop.example', '12 Mole Lane', 'Sandbank', '1991-06-30', 'a94a8fe5ccb19ba61c4c0873d391e987', NULL, NULL);

INSERT INTO orders (id, customer_id, item, quantity, total_cents, status, note) VALUES
  (1, 1, 'brass lantern', 1, 5900, 'shipped', 'leave it with the harbour master'),
  (2, 1, 'rope, 20 m', 2, 4200, 'open', NULL),
  (3, 2, 'signal flags', 1, 8900, 'paid', NULL),
  (4, 3, 'compass', 1, 12900, 'open', 'a present');
