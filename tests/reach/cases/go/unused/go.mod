module shop.example/shop
require (
	github.com/google/uuid v1.0.0
	gopkg.in/yaml.v2 v2.2.0
)
