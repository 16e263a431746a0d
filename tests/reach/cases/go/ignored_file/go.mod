module shop.example/shop
require gopkg.in/yaml.v3 v3.0.0
