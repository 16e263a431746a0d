package main

import . "github.com/tidwall/gjson"

func main() { println(Get(`{"a":1}`, "a").String()) }
