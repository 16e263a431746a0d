module shop.example/shop
require github.com/tidwall/gjson v1.6.0
