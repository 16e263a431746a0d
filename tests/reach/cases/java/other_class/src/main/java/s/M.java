package s;
import com.google.common.collect.ImmutableList;
class M { Object f() { return ImmutableList.of(1); } }
