package shop;

import org.springframework.web.bind.annotation.*;

@RestController
class Main {
    @PostMapping("/") String read(@RequestBody Object body) { return "ok"; }
}
