module a.example/a
require gopkg.in/yaml.v2 v2.0.0
