<?php
function grade_user_delete($userid) {
    called("grade_user_delete $userid");
}
