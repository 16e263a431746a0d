module shop.example/shop
require github.com/gin-gonic/gin v1.3.0
require github.com/ugorji/go v1.1.1 // indirect
