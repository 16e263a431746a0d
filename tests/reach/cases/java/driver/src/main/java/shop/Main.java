package shop;

import java.sql.DriverManager;

class Main {
    Object open() throws Exception { return DriverManager.getConnection("jdbc:postgresql://db/shop"); }
}
