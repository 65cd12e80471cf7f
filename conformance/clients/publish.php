<?php

// php publish.php HUB TOKEN: publishes the updates given as JSON on standard
// input, as an application built on Symfony's component does, and prints the
// ids it was answered as JSON.

declare(strict_types=1);

require 'Symfony/Component/Mercure/autoload.php';

use Symfony\Component\Mercure\Hub;
use Symfony\Component\Mercure\Jwt\StaticTokenProvider;
use Symfony\Component\Mercure\Update;

[, $url, $token] = $argv;
$hub = new Hub($url, new StaticTokenProvider($token));
$ids = [];
foreach (json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR) as $u) {
    $ids[] = $hub->publish(new Update($u['topics'], $u['data'], $u['private'] ?? false, $u['id'] ?? null, $u['type'] ?? null, $u['retry'] ?? null));
}
echo json_encode($ids, JSON_THROW_ON_ERROR);
