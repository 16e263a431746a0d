module shop.example/shop
require github.com/ulikunitz/xz v0.5.0
