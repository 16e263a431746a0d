module shop.example/shop
require golang.org/x/crypto v0.1.0
