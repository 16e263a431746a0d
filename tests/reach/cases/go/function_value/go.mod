module shop.example/shop
require golang.org/x/text v0.3.0
