package shop;

// import okhttp3.OkHttpClient;
class Main {
    /** Once an {@code okhttp3.Call}. */
    public static void main(String[] args) { System.out.println("hello"); }
}
