module shop.example/shop
require github.com/golang-jwt/jwt v3.2.1+incompatible
require github.com/golang-jwt/jwt/v5 v5.0.0
