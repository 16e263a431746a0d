module shop.example/shop
go 1.20
require gopkg.in/yaml.v2 v2.2.0
