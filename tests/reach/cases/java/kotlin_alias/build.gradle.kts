plugins { kotlin("jvm") version "1.9.0" }
dependencies { implementation("org.yaml:snakeyaml:1.26") }
