module shop.example/shop
require github.com/acme/wrap v1.0.0
require github.com/acme/parse v1.0.0 // indirect
