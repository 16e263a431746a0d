package s;
class M { public String execute() { return "x"; } }
