package shop

import org.yaml.snakeyaml.Yaml as Reader

fun main() {
    println(Reader().load<Any>("a: 1"))
}
