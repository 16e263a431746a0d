package shop;

import org.apache.logging.log4j.LogManager;

class Main {
    void say(String word) { LogManager.getLogger().info(word); }
}
