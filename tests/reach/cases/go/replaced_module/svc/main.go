package main
import "a.example/lib/conf"
func main() { conf.Read() }
