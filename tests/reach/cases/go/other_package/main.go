package main

import "golang.org/x/crypto/bcrypt"

func main() { bcrypt.GenerateFromPassword(nil, 4) }
