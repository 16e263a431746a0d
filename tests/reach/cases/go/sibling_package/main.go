package main
import "golang.org/x/net/http2/h2c"
func main() { h2c.NewHandler(nil, nil) }
