package shop

import com.google.gson.Gson

fun main() {
    println(Gson().toJson(listOf(1)))
}
