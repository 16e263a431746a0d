module a.example/lib
require gopkg.in/yaml.v2 v2.0.0
