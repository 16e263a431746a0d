package s;
import org.json.JSONObject;
class M { Object f(String x) { return new JSONObject(x); } }
