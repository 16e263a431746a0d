package main

import conf "gopkg.in/yaml.v2"

func main() {
	var out map[string]string
	_ = conf.Unmarshal([]byte("a: 1"), &out)
}
