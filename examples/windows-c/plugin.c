/* A plugin for Windows in C, written from docs/protocol.md alone: math.Adder, with the method add.
 *
 *     x86_64-w64-mingw32-gcc -O2 -o adder.exe plugin.c -ladvapi32
 *
 * A .pconf that starts it: { "Name": "Adder", "NameSpace": "math", "Protocol": 2, "Exec": ["adder.exe"] }
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <sddl.h>

#define WAITING 8           /* How many clients can connect at the same time. */
#define MAX_HEAD (64 << 10) /* Of a request. */
#define MAX_BODY (1 << 20)
#define DESCRIPTOR                                                                                     \
    "{\"name\":\"Adder\",\"namespace\":\"math\",\"protocol\":2,\"methods\":[{\"name\":\"add\","         \
    "\"params\":[{\"name\":\"a\",\"type\":\"i64\"},{\"name\":\"b\",\"type\":\"i64\"}],"                 \
    "\"returns\":{\"type\":\"i64\"}}]}"

static char pipe_name[257];
static SECURITY_ATTRIBUTES only_this_user = {sizeof(SECURITY_ATTRIBUTES), NULL, FALSE};
static volatile LONG is_active;

static void give_up(const char *what) {
    fprintf(stderr, "adder: %s: error %lu\n", what, GetLastError());
    exit(1);
}

/* The pipe is for this user and the system alone. */
static void make_security(void) {
    HANDLE token;
    char user[256], text[600], *sid;
    DWORD length;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)
        || !GetTokenInformation(token, TokenUser, user, sizeof user, &length)
        || !ConvertSidToStringSidA(((TOKEN_USER *)user)->User.Sid, &sid))
        give_up("finding its user");
    snprintf(text, sizeof text, "O:%sD:P(A;;GA;;;%s)(A;;GA;;;SY)", sid, sid);
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1,
                                                              &only_this_user.lpSecurityDescriptor, NULL))
        give_up("making a security descriptor");
}

static HANDLE make_instance(DWORD first) {
    HANDLE pipe = CreateNamedPipeA(pipe_name, PIPE_ACCESS_DUPLEX | first,
                                   PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
                                   PIPE_UNLIMITED_INSTANCES, 65536, 65536, 0, &only_this_user);
    if (pipe == INVALID_HANDLE_VALUE) give_up(pipe_name);
    return pipe;
}

/* Writes a response; returns whether the client has not gone. */
static int answer(HANDLE pipe, const char *status, const char *head, const char *body, size_t length) {
    char response[1024];
    DWORD written;
    int size = snprintf(response, sizeof response, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, head, length);
    return WriteFile(pipe, response, size, &written, NULL)
           && (length == 0 || WriteFile(pipe, body, (DWORD)length, &written, NULL));
}

static int problem(HANDLE pipe, const char *status, const char *name, const char *detail) {
    char body[512];
    int size = snprintf(body, sizeof body,
                        "{\"type\":\"urn:goplug:error:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}", name, name,
                        atoi(status), detail);
    return answer(pipe, status, "Content-Type: application/problem+json\r\n", body, size);
}

/* Reads {"a":1,"b":2}, in either order, or [1,2]. A plugin with more methods has a JSON library. */
static int read_arguments(const char *body, long long *a, long long *b) {
    char end;
    return (sscanf(body, " { \"a\" : %lld , \"b\" : %lld %c", a, b, &end) == 3 && end == '}')
           || (sscanf(body, " { \"b\" : %lld , \"a\" : %lld %c", b, a, &end) == 3 && end == '}')
           || (sscanf(body, " [ %lld , %lld %c", a, b, &end) == 3 && end == ']');
}

static int add(HANDLE pipe, const char *body) {
    long long a, b, sum;
    char text[32];
    if (!is_active) return problem(pipe, "503 Service Unavailable", "not-active", "activate it first");
    if (!read_arguments(body, &a, &b) || __builtin_add_overflow(a, b, &sum))
        return problem(pipe, "400 Bad Request", "invalid-arguments", "a and b are two integers with a sum of 64 bits");
    int size = snprintf(text, sizeof text, "%lld", sum);
    return answer(pipe, "200 OK", "Content-Type: application/json\r\n", text, size);
}

/* Answers one request; returns whether the connection goes on. */
static int respond(HANDLE pipe, const char *path, const char *body, size_t length) {
    if (strcmp(path, "/Activate") == 0) {
        InterlockedExchange(&is_active, 1);
        return answer(pipe, "200 OK", "Goplug-Protocol: 2\r\nContent-Type: application/vnd.goplug+json\r\n",
                      DESCRIPTOR, strlen(DESCRIPTOR));
    }
    if (strcmp(path, "/Ping") == 0)
        return answer(pipe, "200 OK", "Content-Type: application/octet-stream\r\n", body, length);
    if (strcmp(path, "/Stop") == 0) {
        answer(pipe, "200 OK", "", "", 0);
        ExitProcess(0); /* What was written can still be read. */
    }
    if (strcmp(path, "/add") == 0) return add(pipe, body);
    return problem(pipe, "400 Bad Request", "unknown-method", "there is add");
}

/* Finds the value of a header; returns how often it is there. */
static int find_header(char *head, const char *name, char **value) {
    int count = 0;
    for (char *line = strstr(head, "\r\n"); line && line[2] != '\0'; line = strstr(line + 2, "\r\n"))
        if (_strnicmp(line + 2, name, strlen(name)) == 0 && line[2 + strlen(name)] == ':')
            *value = line + 3 + strlen(name), count++;
    return count;
}

/* Reads the head and the body of the next request; returns whether there is one that can be answered. */
static int serve_request(HANDLE pipe, char *buffer, size_t *filled) {
    DWORD got;
    char *end, *value, *rest, path[300];
    size_t length = 0;
    while (buffer[*filled] = '\0', (end = strstr(buffer, "\r\n\r\n")) == NULL) {
        if (*filled >= MAX_HEAD || strlen(buffer) < *filled)
            return answer(pipe, "431 Request Header Fields Too Large", "", "", 0), 0;
        if (!ReadFile(pipe, buffer + *filled, (DWORD)(MAX_HEAD - *filled), &got, NULL) || got == 0) return 0;
        *filled += got;
    }
    size_t head = end + 4 - buffer;
    end[2] = '\0'; /* The head ends with its last line. */
    if (sscanf(buffer, "POST %299[^ \r\n] HTTP/1.1\r%c", path, &(char){0}) != 2 || path[0] != '/'
        || find_header(buffer, "Host", &value) != 1 || find_header(buffer, "Transfer-Encoding", &value) != 0)
        return problem(pipe, "400 Bad Request", "bad-request", "no POST with one Host and a length"), 0;
    switch (find_header(buffer, "Content-Length", &value)) {
    case 0: break;
    case 1:
        value += strspn(value, " \t");
        length = strtoull(value, &rest, 10);
        if (*value >= '0' && *value <= '9' && strncmp(rest + strspn(rest, " \t"), "\r\n", 2) == 0) break;
        /* fall through */
    default: return problem(pipe, "400 Bad Request", "bad-request", "the length of its body is not one number"), 0;
    }
    if (length > MAX_BODY) return problem(pipe, "413 Content Too Large", "body-too-large", "1 MiB is allowed"), 0;
    while (*filled < head + length) {
        if (!ReadFile(pipe, buffer + *filled, (DWORD)(head + length - *filled), &got, NULL) || got == 0) return 0;
        *filled += got;
    }
    char *body = malloc(length + 1);
    if (body == NULL) return 0;
    memcpy(body, buffer + head, length);
    body[length] = '\0';
    path[strcspn(path + 1, "/?") + 1] = '\0'; /* Further segments and the query are ignored. */
    int goes_on = respond(pipe, path, body, length);
    free(body);
    memmove(buffer, buffer + head + length, *filled -= head + length);
    return goes_on;
}

static DWORD WINAPI serve_instances(void *instance) {
    char *buffer = malloc(MAX_HEAD + MAX_BODY + 1);
    for (HANDLE pipe = instance; buffer != NULL;) {
        if (ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED) {
            /* The next instance is there before this one is served. */
            HANDLE next = make_instance(0);
            CreateThread(NULL, 0, serve_instances, next, 0, NULL);
            for (size_t filled = 0; serve_request(pipe, buffer, &filled);) {}
            break;
        }
        DisconnectNamedPipe(pipe); /* The client had gone before it was served. */
    }
    CloseHandle(instance);
    free(buffer);
    return 0;
}

int main(void) {
    char text[32];
    DWORD length = GetEnvironmentVariableA("GOPLUG_SOCK", pipe_name, sizeof pipe_name);
    if (length == 0 || length >= sizeof pipe_name || !getenv("GOPLUG_PROTOCOL")) {
        fputs("adder: this is a plugin, which a host starts\n", stderr);
        return 2;
    }
    make_security();
    /* Nobody else has the name yet, or this fails. */
    CreateThread(NULL, 0, serve_instances, make_instance(FILE_FLAG_FIRST_PIPE_INSTANCE), 0, NULL);
    for (int instance = 1; instance < WAITING; instance++)
        CreateThread(NULL, 0, serve_instances, make_instance(0), 0, NULL);
    length = GetEnvironmentVariableA("GOPLUG_LIFELINE", text, sizeof text);
    HANDLE lifeline = (HANDLE)(UINT_PTR)_strtoui64(text, NULL, 10);
    if (length == 0 || !SetHandleInformation(lifeline, HANDLE_FLAG_INHERIT, 0)) give_up("taking its lifeline");
    /* What it starts does not inherit it, and is not the plugin. */
    SetEnvironmentVariableA("GOPLUG_LIFELINE", NULL);
    while (ReadFile(lifeline, text, sizeof text, &length, NULL)) {}
    return 0; /* The host is gone. */
}
