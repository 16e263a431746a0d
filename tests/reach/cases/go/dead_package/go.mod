module shop.example/shop
require gopkg.in/yaml.v2 v2.2.0
