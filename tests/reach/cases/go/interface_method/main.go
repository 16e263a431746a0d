package main

import (
	"io"
	"os"

	"github.com/ulikunitz/xz"
)

func main() {
	r, _ := xz.NewReader(os.Stdin)
	io.Copy(os.Stdout, r)
}
