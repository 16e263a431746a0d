package conf
import "gopkg.in/yaml.v2"
var decode = yaml.Unmarshal
func Read() { decode(nil, nil) }
