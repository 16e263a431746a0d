package shop;

import java.util.function.BiFunction;
import org.jsoup.Jsoup;
import org.jsoup.safety.Whitelist;

class Main {
    BiFunction<String, Whitelist, String> clean = Jsoup::clean;
}
