package shop;

import org.slf4j.LoggerFactory;

class Main {
    void say(String word) { LoggerFactory.getLogger(Main.class).info(word); }
}
