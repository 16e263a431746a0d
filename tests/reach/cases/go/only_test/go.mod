module shop.example/shop
require github.com/stretchr/testify v1.2.0
