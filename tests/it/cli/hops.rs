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

const SETTINGS: &str = r#"
ALLOWED_HOSTS = ["app.example.com"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["DB_HOST"],
        "OPTIONS": {"sslmode": "require"},
    }
}
CELERY_BROKER_URL = "redis://redis.internal:6379/0"
"#;

const NGINX: &str = "
upstream app {
  server 127.0.0.1:8000;
}
server {
  listen 8080;
  location / { proxy_pass http://app; }
  location /search { proxy_pass http://search.internal:9200; }
  location /pay { proxy_pass https://pay.example.com/v1; }
  location /other { proxy_pass http://$host; }
}
";

const OF_IMAGES: &str = r#"
resource "aws_db_instance" "main" {
  engine         = "postgres"
  engine_version = "14.9"
}

resource "aws_ecs_task_definition" "app" {
  family       = "app"
  network_mode = "awsvpc"
  container_definitions = jsonencode([
    {
      name        = "app"
      image       = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1.4.2"
      environment = [{ name = "DB_HOST", value = aws_db_instance.main.address }]
    },
    { name = "proxy", image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/proxy:1.4.2" },
  ])
}
"#;

#[test]
fn settings_are_heard_when_asked_for() {
    let stage = Stage::new("hops-settings")
        .with("main.tf", OF_IMAGES)
        .with("app/settings.py", SETTINGS)
        .with("app/Dockerfile", "FROM python:3.12-slim\nCOPY . .\n")
        .with("proxy/Dockerfile", "FROM nginx:1.29\nCOPY nginx.conf /etc/nginx/nginx.conf\n")
        .with("proxy/nginx.conf", NGINX);
    let shown = |options: &[&str]| {
        let shown = stage.run(&[&["hops", "--root", "."], options].concat());
        assert_eq!(shown.code, 0, "{}", shown.err);
        let lines = shown.out.lines().skip(1).take_while(|line| !line.is_empty());
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(
        shown(&[]),
        ["app -> main:5432 cannot see server accepts clear main.tf:2", "agent -> ecr verified main.tf:13"]
    );
    assert_eq!(
        shown(&["--profile", "audit"]),
        [
            "app -> main:5432 encrypted not verified app/settings.py:7",
            "app -> redis:// clear settings ask for no TLS app/settings.py:10",
            "proxy -> search.internal:9200 clear plain HTTP proxy/nginx.conf:8",
            "proxy -> pay.example.com encrypted certificate unchecked proxy/nginx.conf:9",
            "agent -> ecr verified main.tf:13",
        ]
    );
}
