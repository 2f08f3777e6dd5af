//! `hops`: the way of each service's data, as text and as JSON.

use super::stage::Stage;

const TF: &str = r#"
resource "aws_lb" "main" {
  subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}

resource "aws_lb_target_group" "web" {
  port        = 8443
  protocol    = "HTTPS"
  target_type = "ip"
}

resource "aws_db_instance" "main" {
  engine            = "postgres"
  engine_version    = "14.9"
  storage_encrypted = true
}

resource "aws_elasticache_replication_group" "cache" {
  replication_group_id       = "cache"
  description                = "Sessions"
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
}

resource "aws_ecs_task_definition" "web" {
  family       = "web"
  network_mode = "awsvpc"
  container_definitions = jsonencode([
    { name = "nginx", image = "nginx:1.29", portMappings = [{ containerPort = 8443 }] },
    {
      name    = "app"
      image   = "registry.example.com/app:1.4.2"
      command = ["gunicorn", "-b", "127.0.0.1:8000", "app:app"]
      environment = [
        { name = "DATABASE_URL", value = "postgresql://${aws_db_instance.main.address}/app" },
        { name = "REDIS_URL", value = "redis://${aws_elasticache_replication_group.cache.primary_endpoint_address}/0" },
      ]
    },
  ])
}

resource "aws_ecs_service" "web" {
  name            = "web"
  task_definition = aws_ecs_task_definition.web.arn
  load_balancer {
    target_group_arn = aws_lb_target_group.web.arn
    container_name   = "nginx"
    container_port   = 8443
  }
}
"#;

const TEXT: &str = "\
web
  client -> main:80        clear      plain HTTP                 main.tf:9
  main -> nginx:8443       encrypted  certificate unchecked      main.tf:18
  nginx -> app:8000        inside     loopback address           main.tf:43
  app -> main:5432         either     both ends accept clear     main.tf:22
  app -> cache:6379        dead       the cache takes TLS alone  main.tf:46

at rest
  database main            encrypted  no own key                 main.tf:25
  cache cache              encrypted  no own key                 main.tf:31
";

#[test]
fn every_step_has_a_state_and_a_place() {
    let stage = Stage::new("hops").with("main.tf", TF);
    let shown = stage.run(&["hops", "--root", "."]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert_eq!(words(&shown.out), words(TEXT), "{}", shown.out);
}

/// The words of each line: the width of columns is not what is told here.
fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn as_json_with_reasons() {
    let stage = Stage::new("hops-json").with("main.tf", &TF.replace("engine_version    = \"14.9\"", ""));
    let shown = stage.run(&["hops", "--root", ".", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&shown.out).expect("it is JSON");
    assert_eq!(json["schema"], "secure-lint/hops/1");
    let hops = &json["views"][0]["services"][0]["hops"];
    assert_eq!(hops[0]["state"], "clear");
    assert_eq!(hops[0]["place"]["file"], "main.tf");
    assert_eq!(hops[3]["to"], "main:5432");
    assert_eq!(hops[3]["state"], "cannot_see");
    assert_eq!(hops[3]["reason"]["object"], "engine_version");
    assert_eq!(json["views"][0]["at_rest"][0]["own_key"], false);
}

#[test]
fn nothing_to_show_is_said() {
    let stage = Stage::new("hops-empty").with("main.tf", "locals {}\n");
    assert_eq!(stage.run(&["hops", "--root", "."]).out, "No services, tasks or stores.\n");
}
