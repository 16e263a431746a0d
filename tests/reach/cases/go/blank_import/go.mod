module shop.example/shop
require github.com/lib/pq v1.0.0
