package shop;

import org.apache.commons.text.*;

class Main {
    public static void main(String[] args) {
        System.out.println(StringSubstitutor.createInterpolator().replace(args[0]));
    }
}
