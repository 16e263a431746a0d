module shop.example/shop
require github.com/pkg/sftp v1.0.0
