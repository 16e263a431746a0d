module shop.example/shop
require github.com/golang/mock v1.6.0
